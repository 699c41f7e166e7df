/** The project of this repository, in a folder of a test's own. */
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CHECKOUT, Project } from './project.ts';
import type { TestStore } from './store.ts';

/** A package of disks that must not, and may, boot. */
export const CONTROLS = 'test/e2e/controls';
const HOSTS = ['examples/cloud-host', 'examples/debian-cloud'];

/** A copy of the checkout's build files, so that nothing is written to the checkout; the controls are one more package. */
export function pipelineProject(store: TestStore): Project {
  const copy = new Project(store);
  for (const path of ['build.dsm.ts', 'toolchain.lock.json', 'guest', 'rules', CONTROLS, ...HOSTS]) {
    mkdirSync(dirname(copy.path(path)), { recursive: true });
    cpSync(join(CHECKOUT, path), copy.path(path), { recursive: true });
  }
  copy.write(`${CONTROLS}/build.dsm.ts`, copy.read(`${CONTROLS}/controls.ts`));
  // Steps of the guest use packages of the checkout.
  const { dependencies } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies).filter((one) => !one.startsWith('@')))
    symlinkSync(join(CHECKOUT, 'node_modules', name), copy.path('node_modules', name));
  return copy;
}
