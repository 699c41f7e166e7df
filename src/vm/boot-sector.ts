/** A 512-byte boot sector that says hello on COM1 and leaves QEMU: the smallest guest that proves a machine runs. */

/** What the boot sector writes to the serial console. */
export const HELLO = 'dsmb-canary';

/** The I/O port of QEMU's `isa-debug-exit` device. */
export const DEBUG_EXIT_PORT = 0xf4;

/** QEMU exits with `(value << 1) | 1`. */
const EXIT_VALUE = 16;
export const DEBUG_EXIT_STATUS = (EXIT_VALUE << 1) | 1;

const COM1 = 0x3f8;
const LOAD_ADDRESS = 0x7c00;

/** How the boot sector goes on after its text. */
export type Ending = 'exit' | 'halt' | 'reset';

/**
 * 16-bit code: write each byte of the text to COM1, count down from `count` (32 bits), then leave through
 * isa-debug-exit, halt for ever, or reset the machine by the keyboard controller. QEMU's serial port needs no set-up.
 */
export function bootSector(text = HELLO, ending: Ending = 'exit', count = 1): Buffer {
  const print = [
    ...[0xfc, 0x31, 0xc0, 0x8e, 0xd8], // cld; xor ax,ax; mov ds,ax
    ...[0xbe, 0, 0], // mov si,<text>
    ...[0xba, ...word(COM1)], // mov dx,COM1
    ...[0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8], // next: lodsb; test al,al; jz end; out dx,al; jmp next
  ];
  const countDown = [
    ...[0x66, 0xb9, ...word(count & 0xffff), ...word(count >>> 16)], // mov ecx,count
    ...[0x66, 0x49, 0x75, 0xfc], // down: dec ecx; jnz down
  ];
  const code = [...print, ...countDown, ...endings[ending]];
  code.splice(6, 2, ...word(LOAD_ADDRESS + code.length));
  const sector = Buffer.alloc(512);
  sector.set(code);
  sector.write(`${text}\0`, code.length, 510 - code.length, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

const endings: Readonly<Record<Ending, readonly number[]>> = {
  exit: [0xb0, EXIT_VALUE, 0xe6, DEBUG_EXIT_PORT, 0xf4], // mov al,value; out port,al; hlt
  halt: [0xfb, 0xf4, 0xeb, 0xfd], // sti; hlt; jmp hlt
  reset: [0xb0, 0xfe, 0xe6, 0x64, 0xf4], // mov al,fe; out 64,al; hlt
};

function word(value: number): [number, number] {
  return [value & 0xff, value >> 8];
}
