/** A question to the thread: where the expression points in each of the documents. */
export interface JqRequest {
  readonly expression: string;
  /** JSON text of a list of documents. */
  readonly documents: string;
}
