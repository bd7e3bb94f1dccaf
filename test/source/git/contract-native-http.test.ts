import { testContract } from '../../contract/run-git.ts';

testContract('native-http');
