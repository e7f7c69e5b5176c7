/**
 * Erases the person of a request as the worker, and kills itself, as nothing else can be made to stop, at a point that
 * is named: after so many steps, or in the middle of the transaction in which the bytes of a file go.
 *
 * node eraser-process.ts DATABASE_URL FOLDER REQUEST POINT
 */
import { join } from 'node:path';
import { connect } from '../../src/postgres/connect.ts';
import { erasePeople } from '../../src/privacy/erasure.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import type { Storage } from '../../src/storage/storage.ts';

const [url = '', folder = '', request = '', point = ''] = process.argv.slice(2);

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

const bytes = folderStorage(join(folder, 'uploads'));
const entries = folderStorage(join(folder, 'backups'));
const uploads: Storage = {
  ...bytes,
  async delete(key) {
    const was = await bytes.delete(key);
    if (point === 'bytes') die();
    return was;
  },
};
const ledger: Storage = {
  ...entries,
  async put(key, body, options) {
    const written = await entries.put(key, body, options);
    if (point === 'ledger') die();
    return written;
  },
};
const client = await connect(url, 'test eraser');
let steps = 0;
await erasePeople(client, { uploads, ledger }, [request], {
  batch: 3,
  onProgress: ({ phase }) => {
    steps += 1;
    if (String(steps) === point || phase === point) die();
  },
});
await client.end();
