/** The `actions` that a rule is given: each call is looked at, and becomes an action or a composition. */
import { callSite } from '../model/call-site.ts';
import { fail } from '../model/diagnostic.ts';
import { Runnable } from '../model/kinds.ts';
import type { Label } from '../model/label.ts';
import type { Actions, Artifact, Borrowed, Outputs } from '../model/rule.ts';
import type { Target } from '../model/target.ts';
import { isTarget } from '../load/load.ts';
import { ArtifactReference, type ActionNode, type Work } from './action.ts';
import {
  checkMembers,
  checkedArgs,
  checkedArgv,
  checkedArtifacts,
  checkedContent,
  checkedEnv,
  checkedHints,
  checkedInputs,
  checkedKind,
  checkedMnemonic,
  checkedNeeds,
  checkedOutput,
  checkedOutputs,
  checkedTimeout,
  checkedToolchains,
} from './checked.ts';
import { moduleUrl } from './module-url.ts';
import type { RuleCall } from './rule-call.ts';

const DEFAULT_TIMEOUT_MS = 600_000;

/** Of what is left when a call has taken what is its own. */
const MEMBERS = ['mnemonic', 'outputs', 'inputs', 'toolchains', 'needs', 'timeoutMs', 'reproducible'];

interface Declared {
  readonly mnemonic: string;
  readonly outputs: Outputs;
  readonly inputs?: Readonly<Record<string, Artifact>>;
  readonly toolchains?: readonly Artifact[];
  readonly needs?: ActionNode['needs'];
  readonly timeoutMs?: number;
  readonly reproducible?: boolean;
}

/** The artifacts of an action by the names that its rule has for them. */
type Made = Readonly<Record<string, ArtifactReference>>;

/** Finds the artifact of a target that is declared beside the rule. */
type OwnTarget = (target: Target) => ArtifactReference;

/** Lets the rule of a target declare actions, which are added to a list. */
export function actionsInto(
  into: ActionNode[],
  label: Label,
  call: RuleCall,
  own: { readonly toolchain: OwnTarget; readonly target: OwnTarget },
): Actions {
  const declare = (
    of: Declared,
    work: (inputs: ActionNode['inputs']) => Work,
    more: Partial<ActionNode> = {},
  ): Made => {
    const mnemonic = checkedMnemonic(of.mnemonic);
    checkMembers(of, MEMBERS, mnemonic);
    const inputs = checkedInputs(of.inputs ?? {});
    const node: ActionNode = {
      label,
      mnemonic,
      ordinal: into.filter((one) => one.mnemonic === mnemonic).length,
      call,
      work: work(inputs),
      inputs,
      toolchains: checkedToolchains(of.toolchains ?? []),
      outputs: checkedOutputs(of.outputs),
      needs: checkedNeeds(of.needs ?? {}),
      timeoutMs: checkedTimeout(mnemonic, of.timeoutMs ?? DEFAULT_TIMEOUT_MS),
      reproducible: of.reproducible ?? true,
      ...more,
    };
    into.push(node);
    const made = Object.entries(node.outputs).map(
      ([key, { kind }]) => [key, new ArtifactReference(kind, { type: 'action', action: node, output: key })] as const,
    );
    return Object.fromEntries(made);
  };
  return {
    toolchain: (of) => checkedOwn(of, 'toolchain', own.toolchain) as never,
    own: (of) => checkedOwn(of, 'own', own.target) as never,
    write: (output, content) => {
      const outputs = { output: checkedOutput(output, 'of write') };
      const work = { type: 'write', content: checkedContent(content, outputs.output.name) } as const;
      return declare({ mnemonic: 'Write', outputs }, () => work)['output'] as never;
    },
    compose: (kind, entries) => composed('compose', checkedKind(kind, 'a composition'), entries) as never,
    checksums: (kind, files) => composed('checksums', checkedKind(kind, 'a list of checksums'), files) as never,
    run: ({ argv, env = {}, ...rest }) =>
      declare(rest, () => ({ type: 'run', argv: checkedArgv(argv), env: checkedEnv(env) })) as never,
    step: ({ module, args, hints = {}, ...rest }) => {
      const url = moduleUrl(module, rest.mnemonic, callSite()?.file);
      return declare(rest, (inputs) => stepWork(url, args, hints, inputs)) as never;
    },
    runnable: ({ module, args, hints = {}, network = false, borrows = {}, ...rest }) => {
      const url = moduleUrl(module, rest.mnemonic, callSite()?.file);
      const declared = { ...rest, outputs: { runnable: Runnable } };
      const runnable = { network, borrows: checkedBorrows(borrows) };
      const made = declare(declared, (inputs) => stepWork(url, args, hints, inputs), { runnable });
      return made['runnable'] as never;
    },
  };
}

function checkedOwn(of: unknown, verb: 'toolchain' | 'own', artifactOf: OwnTarget): ArtifactReference {
  return isTarget(of) ? artifactOf(of) : fail('BAD_RULE', `actions.${verb} takes a target`);
}

/** A rule cannot ask for more than folders below the home folder, and sockets that the environment names. */
function checkedBorrows(borrows: Readonly<Record<string, Borrowed>>): Readonly<Record<string, Borrowed>> {
  for (const [name, borrowed] of Object.entries(borrows)) {
    if (!/^[a-z][a-z0-9-]*$/.test(name)) fail('BAD_RULE', `borrows: '${name}' is not the name of lower-case letters`);
    if ('socketOf' in borrowed) {
      if (!/^[A-Z_][A-Z0-9_]*$/.test(borrowed.socketOf))
        fail('BAD_RULE', `borrows: '${borrowed.socketOf}' is not the name of an environment variable`);
      continue;
    }
    const { home } = borrowed;
    if (!/^[^/]/.test(home) || home.split('/').some((part) => ['', '.', '..'].includes(part)))
      fail('BAD_RULE', `borrows: '${home}' is not a path of a folder below the home folder`);
  }
  return borrows;
}

function stepWork(
  module: URL,
  args: unknown,
  hints: (Work & { type: 'step' })['hints'],
  inputs: ActionNode['inputs'],
): Work {
  return { type: 'step', module, args: checkedArgs(args), hints: checkedHints(hints, inputs) };
}

function composed(
  type: 'compose' | 'checksums',
  kind: ArtifactReference['kind'],
  entries: Readonly<Record<string, Artifact>>,
): ArtifactReference {
  return new ArtifactReference(kind, { type, entries: checkedArtifacts(entries, 'entry') });
}
