/** Why the system refuses a file, in words. */

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write it',
  EEXIST: 'a part of its path is not a folder',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'there is no such folder, and none can be made',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is not a folder',
  ENXIO: 'it is a socket',
  EPERM: 'this user may not write it',
  EPIPE: 'its reader has left',
  EROFS: 'its file system is read-only',
};

/** What came of a system call, of any other error its message. */
export function systemReason(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}
