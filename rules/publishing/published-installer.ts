/** Rule: an installer's folder on a place of the user's from which hosts can fetch it. */
import { rule, Runnable } from 'dsmb';
import { Installer } from '../kinds.ts';
import { uploadTools } from '../toolchains.ts';

/**
 * Uploads the folder with rclone: `dsmb run //publish -- remote:path [--url URL] [--prune N]`. Only what is missing there is
 * uploaded, and is read back; `install.sh` comes last. In the end, it prints the line to paste on a host.
 */
export const publishedInstaller = rule({
  name: 'publishedInstaller',
  makes: Runnable,
  attributes: { installer: Installer },
  implement: ({ installer }, actions) =>
    actions.runnable({
      mnemonic: 'Publish',
      module: () => import('./publish.step.ts'),
      args: {},
      inputs: { installer },
      toolchains: [actions.toolchain(uploadTools)],
      // rclone writes renewed tokens into its configuration.
      borrows: { rclone: { home: '.config/rclone', writable: true } },
      network: true,
    }),
});
