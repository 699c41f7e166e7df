/**
 * The system calls that no action may make: to look into another process, to reach kernel services that belong to the
 * user or to the machine, to leave its namespaces, or to leave a file that gives its starter the rights of its owner.
 * Numbers are those of x86-64 (arch/x86/entry/syscalls/syscall_64.tbl of Linux). flatpak, Nix and Docker refuse much the
 * same.
 */

/** What a program is told: errno(3). */
export const ERRNO = { EPERM: 1, ENOSYS: 38, EOPNOTSUPP: 95, EAFNOSUPPORT: 97 } as const;

/** One argument of a call, counted from 0. Of its 64 bits the kernel reads the low 32 in each call that is listed. */
export type Condition =
  /** Has at least one of these bits. */
  | { readonly argument: number; readonly anyBit: number }
  | { readonly argument: number; readonly isOneOf: readonly number[] }
  | { readonly argument: number; readonly isNoneOf: readonly number[] };

/** A call that is refused where all conditions hold. */
export interface RefusedCall {
  readonly name: string;
  readonly number: number;
  readonly error: keyof typeof ERRNO;
  readonly when?: readonly Condition[];
}

/** S_ISUID and S_ISGID, see inode(7). */
const SET_ID = 0o6000;
/** O_CREAT, and __O_TMPFILE of O_TMPFILE: only then open(2) reads a mode. */
const MAKES_FILE = 0o100 | 0o20_000_000;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACE = 0x7e02_0000;
/** In clone(2) this bit is a part of a signal number. */
const NEW_TIME_NAMESPACE = 0x80;
/** Put a character into the input of a terminal; speak to the virtual console. */
const TERMINAL_INPUT = { TIOCSTI: 0x5412, TIOCLINUX: 0x541c };
/** All that belong to a network namespace: AF_VSOCK reaches the hypervisor from any, AF_ALG the kernel's ciphers. */
const SOCKETS = { AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16 };

function modeOf(name: string, number: number, argument: number): RefusedCall {
  return { name, number, error: 'EPERM', when: [{ argument, anyBit: SET_ID }] };
}

function opens(name: string, number: number, flags: number): RefusedCall {
  const when = [
    { argument: flags, anyBit: MAKES_FILE },
    { argument: flags + 1, anyBit: SET_ID },
  ];
  return { name, number, error: 'EPERM', when };
}

/** Of ENOSYS programs make another call; it is also what an older kernel says. */
export const REFUSED_CALLS: readonly RefusedCall[] = [
  // Other processes: their memory, registers and descriptors.
  { name: 'ptrace', number: 101, error: 'EPERM' },
  { name: 'process_vm_readv', number: 310, error: 'EPERM' },
  { name: 'process_vm_writev', number: 311, error: 'EPERM' },
  { name: 'kcmp', number: 312, error: 'EPERM' },
  { name: 'pidfd_getfd', number: 438, error: 'EPERM' },

  // Keyrings, which belong to the user and not to a namespace.
  { name: 'add_key', number: 248, error: 'EPERM' },
  { name: 'request_key', number: 249, error: 'EPERM' },
  { name: 'keyctl', number: 250, error: 'EPERM' },

  // Large parts of the kernel that no build needs.
  { name: 'perf_event_open', number: 298, error: 'EPERM' },
  { name: 'bpf', number: 321, error: 'EPERM' },
  { name: 'userfaultfd', number: 323, error: 'EPERM' },
  { name: 'io_uring_setup', number: 425, error: 'ENOSYS' },
  { name: 'io_uring_enter', number: 426, error: 'ENOSYS' },
  { name: 'io_uring_register', number: 427, error: 'ENOSYS' },

  // The kernel's log, and files by a handle instead of a path.
  { name: 'syslog', number: 103, error: 'EPERM' },
  { name: 'open_by_handle_at', number: 304, error: 'EPERM' },

  // New namespaces. The flags of clone3 are in memory, which a filter cannot read.
  { name: 'clone', number: 56, error: 'EPERM', when: [{ argument: 0, anyBit: NEW_NAMESPACE }] },
  {
    name: 'unshare',
    number: 272,
    error: 'EPERM',
    when: [{ argument: 0, anyBit: NEW_NAMESPACE | NEW_TIME_NAMESPACE }],
  },
  { name: 'setns', number: 308, error: 'EPERM' },
  { name: 'clone3', number: 435, error: 'ENOSYS' },

  // Mounts, with the interface of old and that of file descriptors.
  { name: 'pivot_root', number: 155, error: 'EPERM' },
  { name: 'mount', number: 165, error: 'EPERM' },
  { name: 'umount2', number: 166, error: 'EPERM' },
  { name: 'open_tree', number: 428, error: 'EPERM' },
  { name: 'move_mount', number: 429, error: 'EPERM' },
  { name: 'fsopen', number: 430, error: 'EPERM' },
  { name: 'fsconfig', number: 431, error: 'EPERM' },
  { name: 'fsmount', number: 432, error: 'EPERM' },
  { name: 'fspick', number: 433, error: 'EPERM' },
  { name: 'mount_setattr', number: 442, error: 'EPERM' },
  { name: 'open_tree_attr', number: 467, error: 'EPERM' },

  // The input of terminals, and networks that are not part of a network namespace.
  { name: 'ioctl', number: 16, error: 'EPERM', when: [{ argument: 1, isOneOf: Object.values(TERMINAL_INPUT) }] },
  { name: 'socket', number: 41, error: 'EAFNOSUPPORT', when: [{ argument: 0, isNoneOf: Object.values(SOCKETS) }] },

  // Files that run with the rights of their owner. The mode of openat2 is in memory as well.
  opens('open', 2, 1),
  opens('openat', 257, 2),
  { name: 'openat2', number: 437, error: 'ENOSYS' },
  modeOf('creat', 85, 1),
  modeOf('mknod', 133, 1),
  modeOf('mknodat', 259, 2),
  modeOf('chmod', 90, 1),
  modeOf('fchmod', 91, 1),
  modeOf('fchmodat', 268, 2),
  modeOf('fchmodat2', 452, 2),

  // Extended attributes, with access lists and capabilities of files among them: outputs have none.
  { name: 'setxattr', number: 188, error: 'EOPNOTSUPP' },
  { name: 'lsetxattr', number: 189, error: 'EOPNOTSUPP' },
  { name: 'fsetxattr', number: 190, error: 'EOPNOTSUPP' },
  { name: 'removexattr', number: 197, error: 'EOPNOTSUPP' },
  { name: 'lremovexattr', number: 198, error: 'EOPNOTSUPP' },
  { name: 'fremovexattr', number: 199, error: 'EOPNOTSUPP' },
  { name: 'setxattrat', number: 463, error: 'EOPNOTSUPP' },
  { name: 'removexattrat', number: 466, error: 'EOPNOTSUPP' },
];
