/** The front of `apply/`: the only folder that writes managed objects. */
export { applyPlan } from './apply-plan.ts';
export type { ApplyContext } from './context.ts';
export { dependenciesOutside } from './needs.ts';
export { createNamespace } from './create-namespace.ts';
export type { Correction, CorrectionInput } from './correct.ts';
export { correctObject } from './correct.ts';
export type { TakenFields } from './drifted.ts';
export { foresee } from './foresee.ts';
export { createHints } from './hints.ts';
export type { Drifted } from './drifted.ts';
export { tryOutHooks } from './try-out-hooks.ts';
export { endHooks } from './end-hooks.ts';
export { preflight } from './preflight.ts';
