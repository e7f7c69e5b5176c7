import { buffer } from 'node:stream/consumers';
import type { Storage } from './storage.ts';

/** All of an object that is small enough for the memory. Refuses storage.missing. */
export async function readObject(storage: Storage, key: string): Promise<Buffer> {
  const { body } = await storage.get(key);
  return buffer(body);
}
