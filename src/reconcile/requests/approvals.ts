import { destructiveOf, isApproved } from '../../diff/diff.ts';
import type { Application } from '../../model/application.ts';
import type { ApplicationKey, Installation } from '../../model/installation.ts';
import type { Plan } from '../../model/plan.ts';

interface Approval {
  readonly hash: string;
  readonly changes: ReadonlySet<string>;
}

const nothing: ReadonlySet<string> = new Set();

/**
 * Approved plans on the way to their end: deletions take several runs, and what is left of a plan has another hash.
 *
 * Guarantees: an approval stands for the very objects (uids) of the plan that it named, while its annotation stands, and
 * ends with the last of them. After a restart the rest asks for an approval of its own.
 */
export class Approvals {
  readonly #installation: Installation;
  readonly #approved = new Map<ApplicationKey, Approval>();

  constructor(installation: Installation) {
    this.#installation = installation;
  }

  /** The destructive changes that a plan may still carry out, as `destructiveOf` writes them. */
  of(app: Application): ReadonlySet<string> {
    const approval = this.#approved.get(app.key);
    return approval !== undefined && this.#isApproved(app, approval.hash) ? approval.changes : nothing;
  }

  planned(app: Application, plan: Plan): void {
    if (plan.hash === '') this.#approved.delete(app.key);
    else if (plan.guard === undefined && this.#isApproved(app, plan.hash))
      this.#approved.set(app.key, { hash: plan.hash, changes: new Set(destructiveOf(plan.changes)) });
  }

  forget(key: ApplicationKey): void {
    this.#approved.delete(key);
  }

  #isApproved(app: Application, hash: string): boolean {
    return isApproved({ app, installation: this.#installation }, hash);
  }
}
