/** How the MAC address of a network card must begin for the loader to take the card for one of a virtual machine. */
export const MAC_PREFIXES: readonly string[] = ['52:54:00'];
