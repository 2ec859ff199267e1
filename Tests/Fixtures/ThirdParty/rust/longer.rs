// SPDX-License-Identifier: Apache-2.0
//! A plugin in Rust, without a binding: the few types of martlet.h that it uses, written out.
//! Its one function, `longer(text, than)`, says whether the text has more bytes than that.
//! Build it with `rustc --crate-type cdylib -O -C strip=symbols`.

use core::ffi::{c_char, c_void};
use core::ptr::null;

const OK: i32 = 1;
const NO: i32 = -1;
const ERROR: i32 = -2;
const INT: u32 = 1;
const STR: u32 = 2;
const OPTIONAL: u32 = 1 << 0;
const IN_ANY: u32 = 0xff;

#[repr(C)]
struct Str { ptr: *const u8, len: usize }

#[repr(C)]
struct Value { kind: u32, reserved: u32, num: i64, str: Str, ptr: *mut c_void }

#[repr(C)]
struct Call {
    host: *const c_void, user: *mut c_void, msg: *mut c_void, args: *const Value,
    argc: u32, route: u32, worker: u32, result: i32, data: *const c_void, out: *mut Value,
}

type Function = extern "C" fn(*mut Call) -> i32;

#[repr(C)]
struct List { items: *const c_void, count: u32, stride: u32 }

#[repr(C)]
struct Field {
    name: *const c_char, kind: u32, flags: u32, place: u32, reserved: u32, min: i64, max: i64,
    fallback: *const c_char, help: *const c_char, prepare: Option<Function>,
}

#[repr(C)]
struct ScriptFunction {
    name: *const c_char, call: Function, user: *mut c_void, args: List, place: u32, reserved: u32,
    help: *const c_char,
}

#[repr(C)]
pub struct Plugin {
    magic: u32, major: u16, minor: u16, size: u32, flags: u32,
    name: *const c_char, version: *const c_char, help: *const c_char,
    needs: List, offers: List, params: List, functions: List, variables: List, commands: List,
    counters: List, events: List, hooks: List,
    init: Option<extern "C" fn(*const c_void) -> i32>, stop: Option<extern "C" fn(*const c_void)>,
}

/// The tables are constants, so threads may share what they point to.
struct Shared<T>(T);
unsafe impl<T> Sync for Shared<T> {}

/// No panic may cross into the server.
extern "C" fn longer(call: *mut Call) -> i32 {
    std::panic::catch_unwind(|| {
        // The server hands over argc values of the declared types, valid until we return.
        let args = unsafe { core::slice::from_raw_parts((*call).args, (*call).argc as usize) };
        if args[0].str.len as i64 > args[1].num { OK } else { NO }
    })
    .unwrap_or(ERROR)
}

const fn list<T>(items: &'static [T]) -> List {
    List { items: items.as_ptr() as *const c_void, count: items.len() as u32, stride: size_of::<T>() as u32 }
}
const EMPTY: List = List { items: null(), count: 0, stride: 0 };

static ARGS: Shared<[Field; 2]> = Shared([
    Field {
        name: c"text".as_ptr(), kind: STR, flags: 0, place: 0, reserved: 0, min: 0, max: 0,
        fallback: null(), help: c"What is measured.".as_ptr(), prepare: None,
    },
    Field {
        name: c"than".as_ptr(), kind: INT, flags: OPTIONAL, place: 0, reserved: 0, min: 0, max: 65_535,
        fallback: c"10".as_ptr(), help: c"In bytes.".as_ptr(), prepare: None,
    },
]);
static FUNCTIONS: Shared<[ScriptFunction; 1]> = Shared([ScriptFunction {
    name: c"longer".as_ptr(), call: longer, user: null::<c_void>() as *mut c_void, args: list(&ARGS.0),
    place: IN_ANY, reserved: 0, help: c"Has the text more bytes than that?".as_ptr(),
}]);
static PLUGIN: Shared<Plugin> = Shared(Plugin {
    magic: 0x4C54_524D, major: 1, minor: 0, size: size_of::<Plugin>() as u32, flags: 0,
    name: c"longer".as_ptr(), version: c"1.0.0".as_ptr(), help: c"Measures text.".as_ptr(),
    needs: EMPTY, offers: EMPTY, params: EMPTY, functions: list(&FUNCTIONS.0), variables: EMPTY,
    commands: EMPTY, counters: EMPTY, events: EMPTY, hooks: EMPTY, init: None, stop: None,
});

#[no_mangle]
pub extern "C" fn martlet_plugin(_host_abi: u32) -> *const Plugin { &PLUGIN.0 }
