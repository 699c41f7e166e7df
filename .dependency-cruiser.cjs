// The layers. Data moves one way, so imports do: cli → ledger → page → report → deliver → execute → plan → analysis → load → model.

/** From the top down; a layer may import those below it, and the leaf libraries. */
const LAYERS = ['cli', 'ledger', 'page', 'report', 'deliver', 'execute', 'plan', 'analysis', 'load'];
const ABOVE_THE_STORE = [...LAYERS, 'compare', 'graph', 'toolchain', 'disk', 'archive', 'vm'];
const TESTS = String.raw`\.test(-helper)?\.ts$`;

const source = (names) => `^src/(${names.join('|')})/`;
const from = (path, more = {}) => ({ path, pathNot: [TESTS], ...more });

const upward = LAYERS.slice(1).map((layer, index) => ({
  name: `${layer}-imports-nothing-above`,
  severity: 'error',
  from: from(`^src/${layer}/`),
  to: { path: source(LAYERS.slice(0, index + 1)) },
}));

/** A library imports only model, and what else is named here. */
const libraries = Object.entries({
  model: [],
  step: ['model'],
  graph: ['model'],
  disk: ['model', 'step'],
  archive: ['model', 'step'],
  vm: ['model', 'step'],
  toolchain: ['model', 'step'],
  compare: ['model', 'step', 'disk', 'archive'],
}).map(([name, allowed]) => ({
  name: `${name}-is-a-library`,
  severity: 'error',
  from: from(`^src/${name}/`),
  to: { path: '^(src|cache|rules|guest|test)/', pathNot: [`^src/(${[name, ...allowed].join('|')})(/|$)`] },
}));

module.exports = {
  forbidden: [
    ...upward,
    ...libraries,
    {
      name: 'cache-knows-no-build',
      severity: 'error',
      from: from('^cache/'),
      to: { path: source(ABOVE_THE_STORE) },
    },
    {
      name: 'cache-imports-words-and-order',
      severity: 'error',
      from: from('^cache/'),
      to: { path: '^src/', pathNot: ['^src/model/', '^src/step/order\\.ts$'] },
    },
    {
      name: 'the-page-in-the-browser-reads-what-it-is-told',
      comment: 'what runs in a browser knows the protocol, and pure functions that it shares with the console',
      severity: 'error',
      from: from('^src/page/browser/'),
      to: {
        pathNot: [
          '^src/page/(browser/|artifacts/protocol\\.ts$|moments\\.ts$|protocol\\.ts$)',
          '^src/graph/critical-path\\.ts$',
          '^src/report/format\\.ts$',
        ],
      },
    },
    {
      name: 'the-ledger-knows-no-page',
      severity: 'error',
      from: from('^src/ledger/'),
      to: { path: '^src/page/' },
    },
    {
      name: 'what-speaks-to-servers-is-loaded-on-demand',
      comment: 'a build without a remote cache and without workers loads nothing of it',
      severity: 'error',
      from: from('^src/'),
      to: {
        path: '^(cache/remote/|src/execute/action/run-remotely)',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'rules-use-the-public-api',
      comment: "rules import 'dsmb', 'dsmb/…' and each other, as anybody's rules would",
      severity: 'error',
      from: from('^(rules|guest|examples)/|build\\.dsm\\.ts$', { pathNot: [TESTS, '^test/'] }),
      to: { path: '^(src|cache)/', pathNot: ['^src/(index|(step|disk|archive|vm|compare|testing)/index)\\.ts$'] },
    },
    {
      name: 'the-program-does-not-know-its-rules',
      severity: 'error',
      from: from('^(src|cache)/'),
      to: { path: '^(rules|guest|examples|test)/' },
    },
    {
      name: 'rules-do-not-know-the-guest',
      severity: 'error',
      from: from('^rules/'),
      to: { path: '^(guest|examples|test)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    // The Node that runs this check may be older than the one that runs the program.
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^(node:)?ffi$' } },
    {
      name: 'tests-are-not-imported',
      severity: 'error',
      from: { pathNot: [TESTS, '^test/'] },
      to: { path: TESTS },
    },
    {
      name: 'what-runs-needs-no-dev-package',
      severity: 'error',
      from: { path: '^(src|cache|rules|guest)/', pathNot: [TESTS, 'cache/reapi/gen'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['dsmb-source', 'import', 'node', 'default', 'types'],
    },
  },
};
