/** What can be wrong with a build: what it gave, that something ran for nothing, or how it went. */
export class Fault extends Error {
  readonly kind: 'wrong output' | 'needless action' | 'wrong course';

  constructor(kind: Fault['kind'], message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}
