/* The one function of bcryptprimitives.dll that `cryptography` calls, and that Wine 8 lacks. For tests alone. */
#include <windows.h>

BOOLEAN WINAPI SystemFunction036(void *buffer, ULONG size); /* RtlGenRandom, of advapi32 */

BOOL WINAPI ProcessPrng(BYTE *buffer, SIZE_T size)
{
    const SIZE_T most = 1 << 20;
    for (SIZE_T part; size > 0; buffer += part, size -= part) {
        part = size < most ? size : most;
        if (!SystemFunction036(buffer, (ULONG)part))
            return FALSE;
    }
    return TRUE;
}
