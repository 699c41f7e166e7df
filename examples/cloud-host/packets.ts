/** What went over a card, as QEMU's filter-dump keeps it: a file of libpcap, Ethernet, lowest byte first. */

const FILE_HEADER = 24;
const PACKET_HEADER = 16;
/** Where a packet header has the number of bytes that follow. */
const KEPT = 8;
const ETHERNET = 14;
const IPV4 = 0x0800;
const UDP = 17;
const DHCP_PORTS: ReadonlySet<number> = new Set([67, 68]);

/** How many packets of DHCP there are. Fails for a file without any packet, which would prove nothing. */
export function dhcpPackets(file: Buffer): number {
  let [all, found] = [0, 0];
  for (let at = FILE_HEADER; at + PACKET_HEADER <= file.length; all++) {
    const start = at + PACKET_HEADER;
    const packet = file.subarray(start, start + file.readUInt32LE(at + KEPT));
    if (isDhcp(packet)) found++;
    at = start + packet.length;
  }
  if (all === 0) throw new Error('no packet was kept');
  return found;
}

function isDhcp(packet: Buffer): boolean {
  if (packet.length < ETHERNET + 28 || packet.readUInt16BE(12) !== IPV4 || packet[ETHERNET + 9] !== UDP) return false;
  const ports = ETHERNET + (packet[ETHERNET]! & 0x0f) * 4;
  return DHCP_PORTS.has(packet.readUInt16BE(ports)) && DHCP_PORTS.has(packet.readUInt16BE(ports + 2));
}
