import { readFileSync } from 'node:fs';

/** Whether a process of that number exists, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * When the process started, in clock ticks since boot (proc(5), field 22 of stat): with the number it tells a process
 * from a later one that was given the same number. Empty where there is no /proc.
 */
export function startTicks(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command in field 2 may hold spaces and parentheses; fields count from behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

export function isSameProcess(pid: number, ticks: string): boolean {
  return isAlive(pid) && startTicks(pid) === ticks;
}
