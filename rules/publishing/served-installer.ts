/** Rule: an installer's folder on a web server of this machine. */
import { rule, Runnable } from 'dsmb';
import { Installer } from '../kinds.ts';

/** Serves the folder over HTTP until Ctrl-C: `dsmb run //served [-- --port 8080]`. It prints the line to paste on a host. */
export const servedInstaller = rule({
  name: 'servedInstaller',
  makes: Runnable,
  attributes: { installer: Installer },
  implement: ({ installer }, actions) =>
    actions.runnable({
      mnemonic: 'Serve',
      module: () => import('./serve.step.ts'),
      args: {},
      inputs: { installer },
      network: true,
    }),
});
