/** `watch` runs this file again, watched: it then starts a server and a process, tells their numbers and its folder, and waits. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { supervise } from '../../bench/harness/supervise.ts';
import { readPostmasterFile } from '../../src/postgres/cluster.ts';
import { startScratchServer } from '../../src/postgres/scratch.ts';

if (process.argv[2] === 'watch') {
  process.exitCode = await supervise(fileURLToPath(import.meta.url), []);
} else {
  await startScratchServer({ isOpen: true });
  const deaf = "process.on('SIGTERM', () => {}); process.on('SIGINT', () => {}); setInterval(() => {}, 1000)";
  const other = spawn(process.execPath, ['-e', deaf], { stdio: 'ignore' });
  const [server] = readdirSync(tmpdir()).flatMap(
    (name) => readPostmasterFile(join(tmpdir(), name))?.pid ?? [],
  );
  console.log(JSON.stringify({ folder: tmpdir(), server, others: [process.pid, other.pid] }));
  setInterval(() => {}, 1_000);
}
