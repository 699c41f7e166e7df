/**
 * What a hostile action tries, and what must come of it. The probe (`fixture/probe.mjs`) makes each attempt in a sandbox,
 * once for every user that the tests run as.
 *
 * To add one: a line here, if it is a system call, a file or machine code. It must be harmless where nothing holds. What
 * needs a build of its own, or a look at the machine afterwards, is a test in `sandbox.test.ts` or beside it.
 */

/** A number of a system call, then its arguments: numbers, texts, buffers of a size, or words of 64 bits. */
export type Argument = number | { readonly text: string } | { readonly bytes: number } | { readonly word: string };

export type How =
  | { readonly call: readonly [number, ...Argument[]] }
  /** Opens a file for reading and writing, makes or overwrites it, opens it for reading. */
  | { readonly write: string }
  | { readonly make: string }
  | { readonly read: string }
  /** x86-64 instructions, hexadecimal. */
  | { readonly machineCode: string }
  /** A line `name: value` of a file of /proc. */
  | { readonly field: readonly [path: string, name: string] }
  /** Descriptors that a program started here would have, beside the standard streams. */
  | { readonly descriptors: true };

export interface Attempt {
  readonly what: string;
  readonly how: How;
  /** Any of these holds: an error, 'done' where it is harmless, a signal, a value. */
  readonly held: readonly string[];
}

const text = (value: string): Argument => ({ text: value });
const bytes = (size: number): Argument => ({ bytes: size });
const HERE = -100;
const OUT = text('/out/made');

function call(what: string, held: string, ...how: readonly [number, ...Argument[]]): Attempt {
  return { what, how: { call: how }, held: [held] };
}

/** Each line of the filter of system calls, and ways around it. The first word is the name of the call. */
export const SYSTEM_CALLS: readonly Attempt[] = [
  call('ptrace: traces the first process', 'EPERM', 101, 16, 1, 0, 0),
  call('ptrace: is traced by its parent', 'EPERM', 101, 0, 0, 0, 0),
  call('process_vm_readv: reads the memory of the first process', 'EPERM', 310, 1, bytes(16), 1, bytes(16), 1, 0),
  call('process_vm_writev: writes the memory of the first process', 'EPERM', 311, 1, bytes(16), 1, bytes(16), 1, 0),
  call('kcmp: compares two processes', 'EPERM', 312, 1, 2, 0, 0, 0),
  call('pidfd_getfd: takes a descriptor of another process', 'EPERM', 438, 3, 0, 0),

  call('add_key: leaves a key in the session', 'EPERM', 248, text('user'), text('dsmb'), text('x'), 1, -3),
  call('request_key: asks for a key of the session', 'EPERM', 249, text('user'), text('dsmb'), 0, -3),
  call('keyctl: searches the session keyring', 'EPERM', 250, 10, -3, text('user'), text('dsmb'), 0),
  call('keyctl: joins another session keyring', 'EPERM', 250, 1, text('dsmb')),

  call('perf_event_open: counts what others do', 'EPERM', 298, bytes(128), 0, -1, -1, 0),
  call('bpf: loads a program into the kernel', 'EPERM', 321, 5, bytes(128), 128),
  call('userfaultfd: handles page faults of the kernel', 'EPERM', 323, 1),
  call('io_uring_setup: makes calls that no filter sees', 'ENOSYS', 425, 8, bytes(120)),
  call('io_uring_enter: makes calls that no filter sees', 'ENOSYS', 426, 0, 1, 0, 0, 0),
  call('io_uring_register: makes calls that no filter sees', 'ENOSYS', 427, 0, 0, 0, 0),

  call('syslog: reads the log of the kernel', 'EPERM', 103, 3, bytes(1024), 1024),
  call('open_by_handle_at: opens a file without its path', 'EPERM', 304, 0, bytes(64), 0),

  call('clone: makes a namespace of users', 'EPERM', 56, 0x1000_0000 | 17, 0, 0, 0, 0),
  call('clone: makes a namespace of mounts', 'EPERM', 56, 0x0002_0000 | 17, 0, 0, 0, 0),
  call('clone: hides the flag behind high bits', 'EPERM', 56, { word: '0xffffffff10000011' }, 0, 0, 0, 0),
  call('clone3: makes a namespace by flags in memory', 'ENOSYS', 435, bytes(88), 88),
  call('unshare: makes a namespace of users', 'EPERM', 272, 0x1000_0000),
  call('unshare: makes a namespace of mounts', 'EPERM', 272, 0x0002_0000),
  call('unshare: makes a namespace of control groups', 'EPERM', 272, 0x0200_0000),
  call('unshare: makes a namespace of networks', 'EPERM', 272, 0x4000_0000),
  call('unshare: makes a namespace of processes', 'EPERM', 272, 0x2000_0000),
  call('unshare: makes a namespace of clocks', 'EPERM', 272, 0x80),
  call('setns: enters a namespace', 'EPERM', 308, 0, 0),

  call('pivot_root: changes the root', 'EPERM', 155, text('/tmp'), text('/tmp')),
  call('mount: mounts control groups', 'EPERM', 165, text('none'), text('/tmp'), text('cgroup2'), 0, 0),
  call('mount: makes the root writable', 'EPERM', 165, text('none'), text('/'), 0, 0x1020, 0),
  call('umount2: takes a mount away', 'EPERM', 166, text('/proc'), 2),
  call('open_tree: copies a mount', 'EPERM', 428, HERE, text('/'), 1),
  call('move_mount: moves a mount', 'EPERM', 429, HERE, text('/in'), HERE, text('/tmp'), 0),
  call('fsopen: opens a file system', 'EPERM', 430, text('proc'), 0),
  call('fsconfig: configures a file system', 'EPERM', 431, 0, 6, 0, 0, 0),
  call('fsmount: mounts a file system', 'EPERM', 432, 0, 0, 0),
  call('fspick: configures a mounted file system', 'EPERM', 433, HERE, text('/'), 0),
  call('mount_setattr: makes the root writable', 'EPERM', 442, HERE, text('/'), 0, bytes(32), 32),
  call('open_tree_attr: copies a mount', 'EPERM', 467, HERE, text('/'), 0, bytes(32), 32),

  call('ioctl: types into the terminal (TIOCSTI)', 'EPERM', 16, 0, 0x5412, text('x')),
  call('ioctl: types into the terminal, with high bits', 'EPERM', 16, 0, { word: '0xffffffff00005412' }, text('x')),
  call('ioctl: pastes into the console (TIOCLINUX)', 'EPERM', 16, 0, 0x541c, text('\u0003')),
  call('socket: reaches the hypervisor (AF_VSOCK)', 'EAFNOSUPPORT', 41, 40, 1, 0),
  call('socket: reaches the ciphers of the kernel (AF_ALG)', 'EAFNOSUPPORT', 41, 38, 5, 0),
  call('socket: reads packets (AF_PACKET)', 'EAFNOSUPPORT', 41, 17, 3, 0),
  call('socket: reaches Bluetooth', 'EAFNOSUPPORT', 41, 31, 3, 0),
  call('socket: sends raw packets (AF_INET)', 'EPERM', 41, 2, 3, 1),

  call('open: makes a set-user-ID file', 'EPERM', 2, OUT, 0o101, 0o4755),
  call('openat: makes a set-user-ID file', 'EPERM', 257, HERE, OUT, 0o101, 0o4755),
  call(
    'openat: makes a set-group-ID file without a name (O_TMPFILE)',
    'EPERM',
    257,
    HERE,
    text('/out'),
    0o20200002,
    0o2755,
  ),
  call('openat2: makes a file with a mode in memory', 'ENOSYS', 437, HERE, OUT, bytes(24), 24),
  call('creat: makes a set-user-ID file', 'EPERM', 85, OUT, 0o4755),
  call('mknod: makes a set-user-ID file', 'EPERM', 133, OUT, 0o104755, 0),
  call('mknod: makes a disk', 'EPERM', 133, text('/tmp/disk'), 0o060666, 0x800),
  call('mknodat: makes a set-group-ID file', 'EPERM', 259, HERE, OUT, 0o102755, 0),
  call('chmod: sets the set-user-ID bit', 'EPERM', 90, text('/tmp'), 0o4755),
  call('chmod: sets the set-group-ID bit of its outputs', 'EPERM', 90, text('/out'), 0o2755),
  call('fchmod: sets the set-user-ID bit', 'EPERM', 91, 1, 0o4755),
  call('fchmodat: sets the set-user-ID bit', 'EPERM', 268, HERE, text('/tmp'), 0o4755),
  call('fchmodat2: sets the set-user-ID bit', 'EPERM', 452, HERE, text('/tmp'), 0o6755, 0),

  ...['setxattr', 'lsetxattr', 'fsetxattr', 'removexattr', 'lremovexattr', 'fremovexattr'].map((name, index) => {
    const on = name.startsWith('f') ? 1 : text('/out');
    const what = `${name}: changes an attribute of its outputs`;
    return call(what, 'EOPNOTSUPP', [188, 189, 190, 197, 198, 199][index]!, on, text('user.x'), text('x'), 1, 0);
  }),
  call(
    'setxattrat: changes an attribute of its outputs',
    'EOPNOTSUPP',
    463,
    HERE,
    text('/out'),
    0,
    text('user.x'),
    bytes(16),
    16,
  ),
  call('removexattrat: takes an attribute away', 'EOPNOTSUPP', 466, HERE, text('/out'), 0, text('user.x')),

  call('x32: getpid with the numbers of another ABI', 'ENOSYS', 0x4000_0000 + 39),
  call('x32: ptrace with the numbers of another ABI', 'ENOSYS', 0x4000_0000 + 521, 16, 1, 0, 0),
  { what: '32-bit: ptrace by int 0x80', how: { machineCode: 'b81a000000cd80b83c00000031ff0f05' }, held: ['SIGSYS'] },
  { what: '32-bit: getpid by int 0x80', how: { machineCode: 'b814000000cd80b83c00000031ff0f05' }, held: ['SIGSYS'] },
  { what: 'a program of machine code runs at all', how: { machineCode: 'b83c00000031ff0f05' }, held: ['done'] },
];

const READ_ONLY = ['EROFS', 'EACCES', 'EPERM'];
const NOT_THERE = 'ENOENT';

function writes(path: string): Attempt {
  return { what: `writes ${path}`, how: { write: path }, held: [...READ_ONLY, NOT_THERE] };
}

function changes(what: string, number: number, ...args: Argument[]): Attempt {
  return { what, how: { call: [number, ...args] }, held: READ_ONLY };
}

/** Files of the machine, the kernel and others, by their paths. */
export const FILES: readonly Attempt[] = [
  ...['kernel/core_pattern', 'kernel/modprobe', 'kernel/hostname', 'kernel/randomize_va_space', 'vm/drop_caches']
    .concat(['vm/overcommit_memory', 'fs/protected_hardlinks', 'user/max_user_namespaces', 'net/ipv4/ip_forward'])
    .map((name) => writes(`/proc/sys/${name}`)),
  ...['sysrq-trigger', 'irq/default_smp_affinity', 'mtrr', 'kcore', 'kmsg', 'timer_list', 'acpi/wakeup', 'scsi/scsi']
    .concat(['1/mem', '1/oom_score_adj', '1/uid_map', 'self/mem', 'self/uid_map', 'self/attr/current'])
    .map((name) => writes(`/proc/${name}`)),
  ...['kmsg', 'mem', 'sda', 'vda', 'loop-control', 'fuse', 'net/tun', 'vsock', 'uinput', 'kvm'].map((name) =>
    writes(`/dev/${name}`),
  ),
  ...['/usr/bin/node', '/dsmb/step.mjs', '/in/attempts', '/sys/power/state'].map(writes),
  ...['/made', '/usr/made', '/in/made', '/dsmb/made', '/etc/ld.so.preload', '/proc/made'].map((path) => ({
    what: `makes ${path}`,
    how: { make: path },
    held: [...READ_ONLY, NOT_THERE],
  })),
  ...['/etc/shadow', '/etc/passwd', '/root/.ssh/id_rsa', '/proc/1/root/etc/shadow', '/var/run/docker.sock'].map(
    (path) => ({
      what: `reads ${path}`,
      how: { read: path },
      held: [NOT_THERE, 'EACCES', 'ENOTDIR'],
    }),
  ),
  changes('takes /dev/null from everybody (chmod)', 90, text('/dev/null'), 0o666),
  changes('takes /dev/tty from everybody (chmod)', 90, text('/dev/tty'), 0o666),
  changes('changes the mode of the root (chmod)', 90, text('/'), 0o777),
  changes('changes the mode of an input (chmod)', 90, text('/in/attempts'), 0o777),
  changes('changes the mode of its interpreter (chmod)', 90, text('/usr/bin/node'), 0o777),
  changes('gives an input another name (link)', 86, text('/in/attempts'), text('/in/other')),
  {
    what: 'changes the owner of its outputs (chown)',
    how: { call: [92, text('/out'), 1, 1] },
    held: ['EINVAL', 'EPERM'],
  },
];

const NO_CAPABILITY = '0000000000000000';

/** What a process has beside files. */
export const PROCESS: readonly Attempt[] = [
  ...['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map((name) => ({
    what: `has a capability (${name})`,
    how: { field: ['/proc/self/status', name] } as const,
    held: [NO_CAPABILITY],
  })),
  { what: 'gets rights by a program (NoNewPrivs)', how: { field: ['/proc/self/status', 'NoNewPrivs'] }, held: ['1'] },
  { what: 'runs without the filter (Seccomp)', how: { field: ['/proc/self/status', 'Seccomp'] }, held: ['2'] },
  { what: 'has a descriptor that dsmb inherited', how: { descriptors: true }, held: ['none'] },
  { what: 'becomes another user (setuid)', how: { call: [105, 1] }, held: ['EPERM', 'EINVAL'] },
  { what: 'joins another group (setgroups)', how: { call: [116, 0, 0] }, held: ['EPERM'] },
  { what: 'changes the root (chroot)', how: { call: [161, text('/tmp')] }, held: ['EPERM'] },
  { what: 'sets the name of the machine (sethostname)', how: { call: [170, text('x'), 1] }, held: ['EPERM'] },
  { what: 'loads a module (finit_module)', how: { call: [313, 0, text(''), 0] }, held: ['EPERM', 'ENOSYS'] },
  { what: 'swaps to a file (swapon)', how: { call: [167, text('/out'), 0] }, held: ['EPERM'] },
  { what: 'accounts processes to a file (acct)', how: { call: [163, text('/out/made')] }, held: ['EPERM', 'ENOSYS'] },
  { what: 'uses ports of the machine (ioperm)', how: { call: [173, 0, 1, 1] }, held: ['EPERM', 'ENOSYS'] },
  { what: 'raises a limit (setrlimit)', how: { call: [302, 0, 8, { bytes: 16 }, 0] }, held: ['EPERM'] },
  { what: 'runs before others (setpriority)', how: { call: [141, 0, 0, -20] }, held: ['EACCES', 'EPERM'] },
];
