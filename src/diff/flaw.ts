/** What is wrong at one path of an object. */
export interface Flaw {
  readonly path: string;
  readonly problem: string;
}
