import type { ASTNode } from '@marcbachmann/cel-js';

/**
 * What one expression may cost, so that a rule of a stranger cannot hold up the operator. The number of nodes and their
 * depth are limits of the parser; what remains are loops, texts that are put together, and patterns.
 */
const limits = { steps: 10_000, additions: 32, charactersPerStep: 64 } as const;

/** Counts down while an expression is evaluated. */
export interface Budget {
  left: number;
}

export function refill(budget: Budget): void {
  budget.left = limits.steps;
}

function spend(budget: Budget, steps: number): void {
  budget.left -= steps;
  if (budget.left < 0) throw new Error(`took more than ${limits.steps} steps`);
}

/** The loop that the parser makes of `all`, `exists`, `exists_one`, `map` and `filter`. */
interface Loop {
  condition?: (gathered: unknown) => boolean;
  result: (gathered: unknown) => unknown;
}

const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** Functions without a bound that could be counted: a pattern may backtrack for ever, a bound value doubles texts. */
const refused = new Map([
  ['matches', 'matches is not available: use contains, startsWith, endsWith or =='],
  ['bind', 'cel.bind is not available'],
]);

/**
 * Makes every loop of an expression count its steps; gives what is wrong with the expression, or undefined.
 * Danger: the loops are internals of the library, which is pinned; a call that looks like a loop and has none is
 * refused, so that nothing is ever run uncounted.
 */
export function confine(root: ASTNode, budget: Budget): { readonly message: string; readonly at: number } | undefined {
  let additions = 0;
  for (const node of nodesOf(root)) {
    if (node.op === '+' && ++additions > limits.additions)
      return { message: `more than ${limits.additions} additions`, at: node.start };
    const name = node.op === 'rcall' || node.op === 'call' ? node.args[0] : '';
    const why = refused.get(name);
    if (why !== undefined) return { message: why, at: node.start };
    if (!loops.has(name)) continue;
    const loop = loopOf(node);
    if (loop === undefined) return { message: `${name} is not available here`, at: node.start };
    count(loop, budget);
  }
  return undefined;
}

function count(loop: Loop, budget: Budget): void {
  const { condition, result } = loop;
  loop.condition = (gathered) => {
    spend(budget, 1);
    return condition?.(gathered) ?? true;
  };
  loop.result = (gathered) => {
    const made = result(gathered);
    if (Array.isArray(made)) for (const item of made) spend(budget, sizeOf(item) / limits.charactersPerStep);
    return made;
  };
}

/** Texts and lists can be doubled by adding them to themselves. */
function sizeOf(item: unknown): number {
  return typeof item === 'string' || Array.isArray(item) ? item.length : 0;
}

function* nodesOf(value: unknown): Generator<ASTNode> {
  if (Array.isArray(value)) {
    for (const item of value) yield* nodesOf(item);
  } else if (isNode(value)) {
    yield value;
    yield* nodesOf(value.args);
  }
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

function loopOf(node: ASTNode): Loop | undefined {
  const meta: unknown = 'meta' in node ? node.meta : undefined;
  if (typeof meta !== 'object' || meta === null || !('alternate' in meta)) return undefined;
  const { alternate } = meta;
  if (!isNode(alternate) || (alternate.op as string) !== 'comprehension') return undefined;
  const args: unknown = alternate.args;
  return isLoop(args) ? args : undefined;
}

function isLoop(args: unknown): args is Loop {
  return typeof args === 'object' && args !== null && 'result' in args && typeof args.result === 'function';
}
