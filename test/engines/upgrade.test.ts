import { haveImages } from '../support/images.ts';
import { upgrades } from './upgrades.ts';

await haveImages('zed', 'memcached');
upgrades('kollage-test-upgrade', () => '');
