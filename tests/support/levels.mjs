// The levels of vector instructions that this machine has (src/base/base_cpu.h), as the program says itself.
import { must } from './firsthand.mjs';

const vectorsOf = (level) => JSON.parse(must(['version', '--json'], { env: { FIRSTHAND_VECTORS: level } })).vectors;

export const levelsHere = () => ['portable', 'avx2', 'avx512'].filter((level) => vectorsOf(level) === level);
