/** Rule: a rented host becomes the machine of the image, from here, over ssh. */
import { rule, Runnable } from 'dsmb';
import { Installer } from '../kinds.ts';
import { sshTools } from '../toolchains.ts';

/**
 * Sends the installer to a host, runs `install.sh` there, follows its page, and ends when the page of the installed system
 * answers: `dsmb run //deploy -- root@host [--port N] [--pages N,N] [--patience MINUTES] [options of install.sh]`. With
 * `--url`, only `install.sh` is sent; otherwise the blocks as well, and the installer takes them along in memory.
 */
export const deployedInstaller = rule({
  name: 'deployedInstaller',
  makes: Runnable,
  attributes: { installer: Installer },
  implement: ({ installer }, actions) =>
    actions.runnable({
      mnemonic: 'Deploy',
      module: () => import('./deploy.step.ts'),
      args: {},
      inputs: { installer },
      toolchains: [actions.toolchain(sshTools)],
      borrows: { ssh: { home: '.ssh' }, agent: { socketOf: 'SSH_AUTH_SOCK' } },
      network: true,
    }),
});
