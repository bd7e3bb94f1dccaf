import type { Health } from '../model/health.ts';

export function healthy(message: string): Health {
  return { status: 'Healthy', message };
}

export function suspended(message: string): Health {
  return { status: 'Suspended', message };
}

export function progressing(message: string): Health {
  return { status: 'Progressing', message };
}

export function degraded(message: string): Health {
  return { status: 'Degraded', message };
}

export function unknown(message: string): Health {
  return { status: 'Unknown', message };
}
