import { afterAll } from 'vitest';
import { closeFile } from './after-file.ts';

// The first hook of each file, and so the last that is run.
afterAll(closeFile);
