/** Where and how sets are resolved, fetched and unpacked. */
export interface ToolchainContext {
  /** `toolchain.lock.json` of the workspace. */
  readonly lockFile: string;
  /** A folder for apt's lists and .deb files, below the store. */
  readonly cache: string;
  /** The lock stands as it is: what would change it is a `Failure`. */
  readonly frozen: boolean;
  /** Something the user should know, while the work goes on. */
  readonly warn: (message: string) => void;
  /** What is being done, and how far it is (0 to 100); `bytes`: of what is being fetched. */
  readonly progress?: (stage: string, percent?: number, bytes?: { done: number; total: number }) => void;
  readonly signal?: AbortSignal;
  /** Is asked before packages are fetched, with how many bytes that will be; may refuse. */
  readonly beforeFetching?: (bytes: number) => Promise<void>;
}
