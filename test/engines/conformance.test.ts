import { conformance } from './conformance/conformance.ts';
import { dockerWorld } from './docker-world.ts';

conformance(dockerWorld(), 'kollage-conform', 21350);
