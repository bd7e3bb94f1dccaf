export const fightActions = ['BackOff', 'Yield', 'Report'] as const;

export type FightAction = (typeof fightActions)[number];

/** When taking a field again and again is a fight, and what is done about it. */
export interface FightPolicy {
  /** So many times in the window. */
  readonly limit: number;
  readonly windowMs: number;
  readonly action: FightAction;
}

/** A fight as status shows it. Nothing of it changes while it goes on. */
export interface FightShown {
  /** RFC 3339. */
  readonly since: string;
  /** How often the fields were taken when it began: `12/m`. */
  readonly rate: string;
  readonly action: FightAction;
  /** Through which the fields are taken; empty: none. */
  readonly subresource: string;
  /** An entry of `spec.conflicts.rules` that ends it in favour of the other side. */
  readonly suggestion: string;
}

const units = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** `5/m`; undefined: it is none. */
export function parseThreshold(text: string): Pick<FightPolicy, 'limit' | 'windowMs'> | undefined {
  const match = /^([1-9][0-9]{0,5})\/([smh])$/.exec(text);
  if (match === null) return undefined;
  return { limit: Number(match[1]), windowMs: units[match[2] as keyof typeof units] };
}

/** Whole times per unit of the threshold. */
export function describeRate(perWindow: number, windowMs: number): string {
  const unit = Object.entries(units).find(([, ms]) => ms === windowMs)?.[0] ?? 'm';
  return `${Math.max(1, Math.round(perWindow))}/${unit}`;
}
