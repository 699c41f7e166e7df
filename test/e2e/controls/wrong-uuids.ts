/** Rule: the same arrays under UUIDs that no disk has. */
import { rule } from 'dsmb';
import { MdadmConf } from '../../../rules/kinds.ts';

export const wrongUuids = rule({
  name: 'wrongUuids',
  makes: MdadmConf,
  attributes: { of: MdadmConf },
  implement: ({ of }, actions) =>
    actions.step({
      mnemonic: 'WrongUuids',
      module: () => import('./wrong-uuids.step.ts'),
      args: {},
      inputs: { of },
      outputs: { conf: { name: 'mdadm.conf', kind: MdadmConf } },
    }).conf,
});
