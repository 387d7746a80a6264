import type { EngineName } from '../model/deployment.ts';
import type { EngineTraits } from '../model/loaded.ts';
import { dcos } from './dcos/traits.ts';
import { docker } from './docker/traits.ts';
import { kubernetes } from './kubernetes/traits.ts';
import { marathon } from './marathon/traits.ts';

/** What compiling must know of each engine. */
export const engineTraits: Readonly<Record<EngineName, EngineTraits>> = {
  docker,
  kubernetes,
  marathon,
  dcos,
};
