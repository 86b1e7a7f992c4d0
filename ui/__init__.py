"""The browser side: pages, the player, charts; everything Streamlit."""
