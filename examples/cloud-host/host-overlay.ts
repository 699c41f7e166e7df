/** Rule: the settings of the Debian for clouds, with the GRUB of an ordinary Debian. */
import { File, rule, Tree } from 'dsmb';

/** Composes `etc`, `second-stage` and `boot/grub`; nothing runs. */
export const hostOverlay = rule({
  name: 'hostOverlay',
  makes: Tree,
  attributes: {
    /** `overlay/` of examples/debian-cloud. */
    debian: Tree,
    /** `grub.cfg` and `grubenv`. */
    grub: Tree,
  },
  implement: ({ debian, grub }, actions) =>
    actions.compose(Tree, {
      etc: debian.at('etc', Tree),
      'second-stage': debian.at('second-stage', File),
      'boot/grub': grub,
    }),
});
