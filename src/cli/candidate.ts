/** What a word of a command line may become. */

/** A word that may stand there. */
export interface Candidate {
  readonly word: string;
  readonly remark?: string;
}
