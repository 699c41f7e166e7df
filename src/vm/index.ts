/** Virtual machines for steps and tests: QEMU with typed verbs, each with a deadline. */
export { availableAccelerator, canary, type Canary } from './accelerator.ts';
export { bootSector, HELLO, type Ending } from './boot-sector.ts';
export { attendedArguments, type AttendedMachine } from './attended.ts';
export type { ConsoleMatch, Pattern } from './console.ts';
export { pause } from './deadline.ts';
export {
  machineArguments,
  type Accelerator,
  type EfiFirmware,
  type IdeSlot,
  type MachineSpec,
  type VmDisk,
  type VmNic,
} from './machine.ts';
export { bodyOf, httpGet, type HttpAnswer } from './ports.ts';
export type { Exit } from './process.ts';
export type { MachineRecord, Tell } from './showing.ts';
export { startVm, type PowerDown, type Vm, type VmOptions } from './vm.ts';
