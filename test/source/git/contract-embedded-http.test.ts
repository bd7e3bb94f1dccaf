import { testContract } from '../../contract/run-git.ts';

testContract('embedded-http');
