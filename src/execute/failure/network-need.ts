/** Whether a failed action tried the network, which it does not have. */

/** As resolvers, kernels and common programs say it. */
const NO_NETWORK = new RegExp(
  [
    // Node: fetch, and its resolver
    '\\bfetch failed\\b|\\bgetaddrinfo E\\w+',
    // connect(2)
    '\\bENETUNREACH\\b|Network is unreachable|Network unreachable',
    // curl, wget, busybox, git, ssh
    "Could not resolve (?:host|proxy)\\b|unable to resolve host address|bad address '",
    // getaddrinfo(3)
    'Temporary failure in name resolution|Name or service not known|Temporary failure resolving',
  ].join('|'),
);

/** What to do instead; undefined where nothing that the action said is about the network. */
export function networkHint(said: string): string | undefined {
  if (!NO_NETWORK.test(said)) return undefined;
  return "an action has no network: fetch the file once, put it into the project and give it as an input, by file('…'); Debian packages are inputs by toolchain('…') and debianPackages('…')";
}
