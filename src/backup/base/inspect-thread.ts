import { parentPort } from 'node:worker_threads';
import { ArchiveInspection } from './inspect.ts';
import type { Answer, Request } from './inspecting.ts';
import { TarError } from './tar.ts';

/*
 * The thread in which an archive is inspected. A block comes with its memory and goes back with it, so nothing is copied and
 * no two threads ever see the same one.
 */

let inspection: ArchiveInspection | undefined;

function answer(what: Answer, ...memory: ArrayBuffer[]): void {
  parentPort?.postMessage(what, memory);
}

function handle(request: Request): void {
  if (request.kind === 'begin') {
    inspection = new ArchiveInspection(request);
  } else if (request.kind === 'block') {
    const { bytes } = request;
    inspection?.take(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    answer({ kind: 'block', bytes }, bytes.buffer);
  } else if (inspection !== undefined) {
    const inspected = inspection.end();
    answer({ kind: 'inspected', inspected }, ...(inspected.index ? [inspected.index.buffer] : []));
  }
}

parentPort?.on('message', (request: Request) => {
  try {
    handle(request);
  } catch (error) {
    // An error that crosses threads loses its class.
    if (!(error instanceof TarError)) throw error;
    answer({ kind: 'refused', message: error.message });
  }
});
