/** The page as people see it: in Debian's Chromium, of real builds. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Browser, whyNoBrowser } from '../rig/browser.ts';
import { heldBuildFile, MARKUP, startHeld } from '../rig/held-build.ts';
import { DISK_PROJECT } from '../rig/disk-project.ts';
import { countingRules, Project, TestStore } from '../rig/index.ts';
import { PageReader } from '../rig/page-reader.ts';
import { smallMachine } from '../rig/small-machine.ts';

const missing = process.env['DSMB_TESTS'] === 'all' ? await whyNoBrowser() : 'its tests are long';

let store: TestStore;
let project: Project;
let browser: Browser;

describe.skipIf(missing !== undefined)(
  `${missing === undefined ? '' : `skipped: ${missing}: `}the page`,
  { tags: 'long' },
  () => {
    beforeAll(() => {
      store = new TestStore();
    });
    afterAll(() => store[Symbol.dispose]());
    beforeEach(async () => {
      project = new Project(store, countingRules());
      project.write('build.dsm.ts', heldBuildFile(project));
      browser = await Browser.start(join(inject('commands'), 'bwrap'), project.folder);
    });
    afterEach(async () => {
      await browser[Symbol.asyncDispose]();
      project[Symbol.dispose]();
    });

    it('shows a build while it goes on and after its end, and asks nobody but its own server', async () => {
      const { address, page, end } = await startHeld(project, '//above');
      await browser.open(address);
      await shows('1 cause, 1 consequence');
      await shows('live');
      await browser.press('1');
      await shows('running 1');
      await end();
      await shows('the build has ended');
      await shows('executed 2');
      // The server is gone: what was told is all there is.
      await choose('//loud');
      await shows(`${MARKUP}red\\x1b[2J`);
      await shows('it was never built here');
      const origin = `http://127.0.0.1:${page.port}/`;
      expect(browser.requested.filter((url) => !url.startsWith(origin))).toEqual([]);
      expect(browser.requested.some((url) => url.includes('/api/stream'))).toBe(true);
      expect(browser.complaints).toEqual([]);
      expect(await browser.value('document.images.length')).toBe(0);
    });

    it('lets in nothing but what its server gives', async () => {
      const { address, end } = await startHeld(project);
      await browser.open(address);
      await shows('live');
      const tried = (script: string): Promise<string> =>
        browser.value(`(async () => { try { ${script}; return 'done' } catch (error) { return error.name } })()`);
      expect(await tried(`document.body.innerHTML = '<b>x</b>'`)).toBe('TypeError');
      expect(await tried(`document.createElement('script').text = 'hit = 1'`)).toBe('TypeError');
      expect(await tried(`await fetch('http://127.0.0.1:1/')`)).toBe('TypeError');
      await tried(`const a = document.createElement('a'); a.setAttribute('onclick', 'hit = 1'); a.click()`);
      await tried(`document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:1/x' }))`);
      expect(await browser.value('typeof hit')).toBe('undefined');
      for (const refused of ['connect-src', 'img-src', 'TrustedScript'])
        await expect.poll(() => browser.complaints.join(), { timeout: 30_000 }).toContain(refused);
      const foreign = new URL(address);
      foreign.hostname = 'localhost';
      foreign.hash = '#another-token';
      await browser.open(foreign.href);
      await shows('the token is missing or wrong');
      await end();
    });

    it('of one file shows the same, in a narrow window as well, light and dark', async () => {
      await project.run(['build', '//above', '--html', 'page.html']);
      await browser.open(`file://${project.path('page.html')}`);
      await shows('1 cause, 1 consequence');
      // What failed is chosen.
      await shows('the command exited with 7');
      for (const dark of [false, true])
        for (const width of [1280, 360]) {
          await browser.look({ width, dark });
          for (const key of ['1', '2', '3']) {
            await browser.press(key);
            expect(
              await browser.value('document.documentElement.scrollWidth - innerWidth'),
              `of ${key}`,
            ).toBeLessThanOrEqual(0);
          }
          expect(await weakContrasts()).toEqual([]);
        }
      expect(browser.complaints).toEqual([]);
      expect(browser.requested).toEqual([`file://${project.path('page.html')}`]);
    });

    it('shows the last picture and the console of a machine that failed before all else', async () => {
      using tools = new TestStore('with tools');
      using machines = new Project(tools, {
        ...smallMachine(),
        'build.dsm.ts': `import { machine } from './rules.ts';
          export const vm = machine({ until: 'what never comes', waitMs: 6000 });`,
      });
      await machines.run(['build', '//vm', '--html', join(project.folder, 'page.html')]);
      await browser.open(`file://${project.path('page.html')}`);
      await shows('VM_TIMEOUT');
      const text = await browser.text();
      expect(text.indexOf('dsmb-canary')).toBeGreaterThan(0);
      expect(text.indexOf('dsmb-canary')).toBeLessThan(text.indexOf('VM_TIMEOUT'));
      const picture = 'document.querySelector(".machine img")';
      expect(await browser.value(`${picture}.decode().then(() => ${picture}.naturalWidth)`)).toBe(720);
      expect(await browser.value(`${picture}.alt`)).toMatch(/^screen of machine 1 at 0:0\d$/);
    });

    it('leads from a cell of a disk to its file and its cause, and shows strange files as what they are', async () => {
      for (const [path, text] of Object.entries(DISK_PROJECT)) project.write(path, text);
      await project.build(['//disk']);
      project.edit('files/grub.cfg', 'mac1=1', 'mac1=2');
      await project.build(['//disk']);
      const ui = project.start(['ui']);
      await ui.untilSaid('\n');
      const { port, token } = PageReader.told(ui.said);
      await browser.open(`http://127.0.0.1:${port}/#${token}`);
      await shows('Past builds');
      await browser.value(`document.querySelector('.past button').click()`);
      await shows('Outputs');
      await browser.press('4');
      await shows('changed 1 MiB');
      await browser.value(`document.querySelector('.cells canvas').focus()`);
      await browser.press('n');
      await shows('the same file as grub.cfg of input files, the source files');
      await shows('because of');
      for (const [dark, width] of [
        [false, 1280],
        [true, 360],
      ] as const) {
        await browser.look({ width, dark });
        expect(await browser.value('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
        expect(await weakContrasts()).toEqual([]);
      }
      await browser.look({});
      await press('/boot/grub.cfg');
      await shows('set mac1=2');
      await press('changes');
      await shows('~ boot/grub.cfg');
      // In the list of builds, a digit looks for one of them.
      await browser.value(`document.querySelector('.outputs select').focus()`);
      await browser.press('1');
      expect(await browser.value(`document.querySelector('[role=tab][aria-selected=true]').textContent`)).toBe(
        'Outputs',
      );
      await press('strange');
      await shows(MARKUP.replaceAll('/', '\\'));
      await press('page.html');
      await shows('<script>hit = 1</script>');
      await press('strange');
      await press('picture.svg');
      await shows('onload="hit = 1"');
      await press('strange');
      await press('pixel.png');
      const picture = 'document.querySelector(".item img")';
      await expect.poll(() => browser.value(`${picture}?.decode().then(() => ${picture}.naturalWidth)`)).toBe(1);
      expect(await browser.value('typeof hit')).toBe('undefined');
      expect(
        browser.requested.filter((url) => !url.startsWith(`http://127.0.0.1:${port}/`) && !url.startsWith('blob:')),
      ).toEqual([]);
      expect(browser.complaints.filter((text) => !text.includes('404'))).toEqual([]);
      ui.interrupt();
      await ui.finished;
    });

    it('can be used without a mouse, and by who hears it', async () => {
      await project.run(['build', '//above', '--html', 'page.html']);
      await browser.open(`file://${project.path('page.html')}`);
      await shows('1 cause');
      await browser.press('/');
      for (const letter of 'above') await browser.press(letter);
      await browser.value(`document.querySelector('.list').focus()`);
      await browser.press('ArrowDown');
      expect(await browser.value(`document.querySelector('.details h2').textContent`)).toBe('//above Shell');
      expect(await browser.value(`document.querySelector('[aria-selected=true][role=option]').textContent`)).toContain(
        '//above Shell',
      );
      await browser.press('Escape');
      expect(await browser.value(`document.querySelector('.details').hidden`)).toBe(true);
      const { nodes } = await browser.send('Accessibility.getFullAXTree');
      const named = (nodes as Named[]).filter(({ role }) => ROLES.includes(role?.value ?? ''));
      expect(named.length).toBeGreaterThan(5);
      expect(named.filter(({ name }) => !name?.value)).toEqual([]);
    });
  },
);

interface Named {
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
}

const ROLES = ['button', 'tab', 'tablist', 'listbox', 'searchbox', 'option', 'application'];

/** Presses the button that begins with a text, as soon as it is there. */
async function press(text: string): Promise<void> {
  const button = `[...document.querySelectorAll('button')].find((one) => one.textContent.startsWith(${JSON.stringify(text)}))`;
  await expect.poll(() => browser.value(`Boolean(${button})`), { timeout: 30_000 }).toBe(true);
  await browser.value(`${button}.click()`);
}

/** Waits until a reader sees a text. */
async function shows(text: string): Promise<void> {
  await expect.poll(() => browser.text(), { timeout: 30_000 }).toContain(text);
}

async function choose(name: string): Promise<void> {
  await browser.value(
    `[...document.querySelectorAll('.row')].find((row) => row.textContent.includes(${JSON.stringify(name)})).click()`,
  );
}

/** Texts whose colour is too near to what is behind them: less than 4.5 to 1, as WCAG 2 counts it. */
function weakContrasts(): Promise<string[]> {
  return browser.value(`(() => {
    const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = (colour) => {
      const [r, g, b] = numbers(colour).map((one) => one / 255)
        .map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      for (let one = element; one; one = one.parentElement) {
        const colour = getComputedStyle(one).backgroundColor;
        if ((numbers(colour)[3] ?? 1) === 1) return colour;
      }
    };
    const hasText = (element) => [...element.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
    return [...document.body.querySelectorAll('*')].filter((one) => hasText(one) && one.checkVisibility())
      .flatMap((one) => {
        const [a, b] = [light(getComputedStyle(one).color), light(behind(one))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        return ratio < 4.5 ? [one.className + ' ' + one.textContent.slice(0, 30) + ' ' + ratio.toFixed(2)] : [];
      });
  })()`);
}
