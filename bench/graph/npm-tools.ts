/** turbo, nx and wireit: a package or a script for each action, as their users have it. */
import { writeText, type Tool } from './tool.ts';

/** Each action starts npm or Node: the first build of more takes half an hour. */
const MOST = 1000;
const IN_PACKAGE = (action: number): string => `p/${action}/src.txt`;

export const turbo: Tool = {
  name: 'turbo',
  packages: { turbo: '2.11.11' },
  most: MOST,
  source: IN_PACKAGE,
  command: ['node_modules/.bin/turbo', 'run', 'build', '--output-logs=errors-only', '--no-update-notifier'],
  env: { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' },
  write(folder, { below }) {
    const task = { dependsOn: ['^build'], inputs: ['src.txt'], outputs: ['out.txt'] };
    const root = { name: 'root', private: true, packageManager: 'npm@10.8.2', workspaces: ['p/*'] };
    writeText(folder, 'package.json', JSON.stringify(root));
    writeText(folder, 'turbo.json', JSON.stringify({ tasks: { build: task } }));
    for (const [action, inputs] of below.entries()) {
      const dependencies = Object.fromEntries(inputs.map((input) => [`p${input}`, '*']));
      const scripts = { build: checksum('src.txt', inputs, (input) => `../${input}/out.txt`, 'out.txt') };
      const manifest = { name: `p${action}`, version: '1.0.0', scripts, dependencies };
      writeText(folder, `p/${action}/package.json`, JSON.stringify(manifest));
    }
  },
};

export const nx: Tool = {
  name: 'nx',
  packages: { nx: '24.0.6' },
  most: MOST,
  source: IN_PACKAGE,
  command: ['node_modules/.bin/nx', 'run-many', '-t', 'build', '--outputStyle=static', '--parallel=2'],
  env: { NX_NO_CLOUD: 'true', NX_TUI: 'false', NX_DAEMON: 'true' },
  stop: ['node_modules/.bin/nx', 'daemon', '--stop'],
  write(folder, { below }) {
    writeText(folder, 'package.json', JSON.stringify({ name: 'root', private: true }));
    writeText(folder, 'nx.json', JSON.stringify({ analytics: false }));
    for (const [action, inputs] of below.entries()) {
      const sums = { dependentTasksOutputFiles: '**/out.txt', transitive: false };
      const build = {
        command: checksum(IN_PACKAGE(action), inputs, (input) => `p/${input}/out.txt`, `p/${action}/out.txt`),
        cache: true,
        dependsOn: ['^build'],
        inputs: ['{projectRoot}/src.txt', ...(inputs.length > 0 ? [sums] : [])],
        outputs: ['{projectRoot}/out.txt'],
      };
      const project = {
        name: `p${action}`,
        implicitDependencies: inputs.map((input) => `p${input}`),
        targets: { build },
      };
      writeText(folder, `p/${action}/project.json`, JSON.stringify(project));
    }
  },
};

export const wireit: Tool = {
  name: 'wireit',
  packages: { wireit: '0.14.13' },
  most: MOST,
  source: (action) => `src/${action}.txt`,
  command: ['npm', 'run', 'all', '--silent'],
  env: { WIREIT_LOGGER: 'quiet', WIREIT_PARALLEL: '2' },
  write(folder, { below }) {
    const names = below.map((_, action) => `a${action}`);
    const tasks = below.map((inputs, action) => ({
      command: checksum(`src/${action}.txt`, inputs, (input) => `out/${input}`, `out/${action}`),
      dependencies: inputs.map((input) => `a${input}`),
      files: [`src/${action}.txt`],
      output: [`out/${action}`],
    }));
    const scripts = Object.fromEntries(['all', ...names].map((name) => [name, 'wireit']));
    const tasksByName = Object.fromEntries(tasks.map((task, action) => [names[action], task]));
    const manifest = { private: true, scripts, wireit: { all: { dependencies: names }, ...tasksByName } };
    writeText(folder, 'package.json', JSON.stringify(manifest));
    writeText(folder, 'out/.keep', '');
  },
};

function checksum(source: string, inputs: readonly number[], made: (input: number) => string, out: string): string {
  return `cat ${[source, ...inputs.map(made)].join(' ')} | cksum > ${out}`;
}
