import type { World } from './dependency.ts';

export interface ObjectState {
  readonly path: string;
  readonly state: 'new' | 'changed' | 'removed' | 'same';
}

/** The working copy against what the migrations say, by path. */
export function compareObjects(history: World, workingCopy: World): readonly ObjectState[] {
  const paths = new Set([...history.keys(), ...workingCopy.keys()]);
  return [...paths].sort().map((path) => {
    const before = history.get(path);
    const after = workingCopy.get(path);
    if (!before) return { path, state: 'new' };
    if (!after) return { path, state: 'removed' };
    return { path, state: before.text === after.text ? 'same' : 'changed' };
  });
}
