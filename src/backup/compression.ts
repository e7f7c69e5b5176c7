/** Zstandard has levels from 1 (fast) to 19 (small). */
export type Compression = { readonly method: 'zstd'; readonly level: number } | { readonly method: 'none' };

/** Level 1 is the fastest and, on clusters, no larger than 3. */
export const usualCompression: Compression = { method: 'zstd', level: 1 };

/** Of `none` or `zstd:LEVEL`; undefined for anything else. */
export function readCompression(text: string): Compression | undefined {
  if (text === 'none') return { method: 'none' };
  const level = Number(/^zstd:(\d{1,2})$/.exec(text)?.[1]);
  return level >= 1 && level <= 19 ? { method: 'zstd', level } : undefined;
}
