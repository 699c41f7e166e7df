/** Rule: the same arrays under UUIDs that no disk has. */
import { rule, stepModule } from 'dsmb';
import { MdadmConf } from '../../../rules/kinds.ts';

export const wrongUuids = rule<{ readonly of: MdadmConf }, 'MdadmConf'>({
  name: 'wrongUuids',
  makes: MdadmConf,
  implement: ({ of }, actions) =>
    actions.step({
      mnemonic: 'WrongUuids',
      module: stepModule<typeof import('./wrong-uuids.step.ts').default>(
        new URL('./wrong-uuids.step.ts', import.meta.url),
      ),
      args: {},
      inputs: { of },
      outputs: { conf: { name: 'mdadm.conf', kind: MdadmConf } },
    }).conf,
});
