/** Starts `cp` for each source in the current folder, two at a time, and does nothing else: the floor of an action. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';

const todo = readdirSync('.').filter((name) => name.endsWith('.txt'));

async function work(): Promise<void> {
  for (let name = todo.pop(); name !== undefined; name = todo.pop())
    await once(spawn('cp', [name, `${name}.out`], { stdio: 'ignore' }), 'exit');
}

await Promise.all([work(), work()]);
