import { after, before, describe } from 'node:test';
import { applyCases } from './applies.ts';
import { ContractContext } from './context.ts';
import type { ContractSubject } from './context.ts';
import { questionCases } from './questions.ts';
import { watchCases } from './watches.ts';
import { writeCases } from './writes.ts';

export type { ContractSubject } from './context.ts';

/** Everything that the port promises and its users rely on, on whatever stands behind it. */
export function clusterContract(name: string, makeSubject: () => Promise<ContractSubject>): void {
  describe(`cluster contract: ${name}`, () => {
    let subject: ContractSubject | undefined;
    before(async () => {
      subject = await makeSubject();
    });
    after(async () => {
      await subject?.[Symbol.asyncDispose]();
    });
    const context = new ContractContext(() => {
      if (subject === undefined) throw new Error('the subject is not made yet');
      return subject;
    });
    applyCases(context);
    writeCases(context);
    watchCases(context);
    questionCases(context);
  });
}
