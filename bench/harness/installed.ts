import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** The version that a program tells, undefined where it is not installed. */
export function versionOf(program: string): string | undefined {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? /\d+(\.\d+)+/.exec(stdout)?.[0] : undefined;
}

/** What it printed; its complaint as the message of an error. The shell's own PG variables do not reach it. */
export async function runInstalled(program: string, args: readonly string[]): Promise<string> {
  const kept = Object.entries(process.env).filter(([variable]) => !variable.startsWith('PG'));
  const child = spawn(program, args, {
    env: Object.fromEntries(kept),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${complaint.trim()}`);
  return output;
}
