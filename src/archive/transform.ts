import type { Transform } from 'node:stream';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';

/**
 * What the bytes of an archive go through on their way into the storage, and back. The manifest names them in the order
 * in which they were applied, so that whoever reads knows what to undo: compression, then for example encryption.
 */
export interface ArchiveTransform {
  /** As the manifest names it. */
  readonly name: string;
  seal(): Transform;
  /** Undoes `seal`. Fails on bytes that `seal` did not make. */
  open(): Transform;
}

/** One frame with a checksum: several threads or several frames lose data on the way back. */
export const zstd: ArchiveTransform = {
  name: 'zstd',
  seal: () =>
    createZstdCompress({
      params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
    }),
  open: () => createZstdDecompress(),
};

export const defaultTransforms: readonly ArchiveTransform[] = [zstd];
