import { correctObject } from '../apply/apply.ts';
